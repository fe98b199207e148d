assay verify --at 2026-01-01 --root td15x/root.pem --collateral td15x/collateral.json td15x/quote.bin
