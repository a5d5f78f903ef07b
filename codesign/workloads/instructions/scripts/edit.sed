s/\([a-z]*\)ka\([a-z]*\)/\2-\1/g
/ten.*mi/s/ *$/!/
s/ond\|ula\|quo/<&>/g
y/abc/xyz/
