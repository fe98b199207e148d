assay --version && assay --help
