"""What a pipeline is, how it is written and checked, and which jobs an event selects. Nothing here runs anything."""
