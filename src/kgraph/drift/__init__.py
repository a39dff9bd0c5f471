"""What became of the passages of a document in a newer version of its source, and the record of that version."""
