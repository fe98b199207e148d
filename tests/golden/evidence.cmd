assay verify --evidence stored/bundle.json --policy stored/policy.json --root stored/root.pem
