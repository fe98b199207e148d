assay verify --evidence stored/bundle.json --policy stored/policy.json --root stored/root.pem --at 2026-01-02
