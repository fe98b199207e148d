assay inspect --json stored/bundle.json
