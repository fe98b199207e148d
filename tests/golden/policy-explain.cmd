assay policy explain dstack/policy.json; assay policy explain dstack/dev.json | head -20; assay policy explain --json dstack/partial.json
