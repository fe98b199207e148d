assay collateral show --json leaf-only/collateral.json
