assay demo --help
