assay verify --at 2026-01-01 --root other-root/root.pem --collateral tdx/collateral.json tdx/quote.bin
