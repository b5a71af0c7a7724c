"""Where it goes: one file a channel, all behind one interface."""
