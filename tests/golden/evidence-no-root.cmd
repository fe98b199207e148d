assay verify --evidence stored/bundle.json --policy stored/policy.json
