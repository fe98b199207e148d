assay bridge --help
