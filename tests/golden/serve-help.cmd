assay serve --help
