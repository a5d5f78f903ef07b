"""Contract suites: what every model and every search must pass. A plug-in's author subclasses and inherits the tests.

from codesign.testing import ModelContract

class TestMyModel(ModelContract):
    model = MyModel()
    designs = pd.DataFrame({...})      # a few dozen valid designs
"""

from codesign.testing.models import ModelContract
from codesign.testing.searches import SearchContract

__all__ = ["ModelContract", "SearchContract"]
