"""The read side's stores: one interface, and the engines that answer behind it."""
