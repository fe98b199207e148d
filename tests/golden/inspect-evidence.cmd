assay inspect stored/bundle.json
