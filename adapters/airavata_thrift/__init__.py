"""Generated from thrift_idl/ by ``tox -e thrift -- --write``: never edited by hand."""
