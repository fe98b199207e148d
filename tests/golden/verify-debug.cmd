assay verify --at 2026-01-01 --root debug/root.pem --collateral debug/collateral.json debug/quote.bin
