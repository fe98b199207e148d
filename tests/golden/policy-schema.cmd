assay policy schema
