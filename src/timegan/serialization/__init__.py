"""Everything that a run leaves on the disk and reads again: checkpoints and exported models."""
