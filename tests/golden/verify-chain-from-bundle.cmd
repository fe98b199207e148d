assay verify --at 2026-01-01 --root leaf-only/root.pem --collateral leaf-only/collateral.json leaf-only/quote.bin
