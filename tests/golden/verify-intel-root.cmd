assay verify --at 2026-01-01 --collateral tdx/collateral.json tdx/quote.bin
