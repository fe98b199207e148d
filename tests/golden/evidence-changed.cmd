assay verify --evidence stored/changed.json --policy stored/policy.json --root stored/root.pem
