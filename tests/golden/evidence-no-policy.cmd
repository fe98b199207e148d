assay verify --evidence stored/bundle.json --root stored/root.pem
