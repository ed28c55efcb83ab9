"""One partner at a time on an account: matching, protected claims, duplicates, capacity, availability."""
