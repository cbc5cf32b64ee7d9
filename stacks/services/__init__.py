"""What a stack file may say about each service of the catalogue, its keys and its sizes, one module each."""
