"""From the files of a data set to a store: `_source` lists, `_parts` reads, `_prepare` joins."""
