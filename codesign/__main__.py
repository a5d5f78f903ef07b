"""``python -m codesign``."""

from codesign.cli.main import main

if __name__ == "__main__":
    main()
