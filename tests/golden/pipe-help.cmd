assay pipe --help
