assay collateral check --at 2026-01-01 --json expired/collateral.json
