assay verify --evidence stored/policy.json --policy stored/policy.json; assay verify --evidence stored/policy.json --json
