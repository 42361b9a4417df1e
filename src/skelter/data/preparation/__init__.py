"""From the files of a data set to a store: `_source` names them, `_parts` reads, `_prepare` joins."""
