assay collateral check --at 2026-01-01 --within 30 tdx/collateral.json
