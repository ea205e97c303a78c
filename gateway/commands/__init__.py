"""The commands of the command line, one a file. `gateway/cli.py` lists them."""
