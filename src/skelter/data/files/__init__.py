"""The containers of files from strangers: text, arrays, archives and pickles."""
