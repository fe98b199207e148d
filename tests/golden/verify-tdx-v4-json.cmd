assay verify --at 2026-01-01 --root tdx/root.pem --collateral tdx/collateral.json --json tdx/quote.bin
