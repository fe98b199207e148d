assay collateral check --at 2026-01-01 sgx/collateral.json
