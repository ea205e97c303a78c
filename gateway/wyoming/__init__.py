"""Wyoming, the protocol of Home Assistant's voice: one connection, one text. Knows no HTTP."""
