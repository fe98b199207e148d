assay verify --evidence stored/bundle.json stored/quote.bin; assay verify --evidence stored/bundle.json --pccs intel; assay verify --evidence
