assay verify --at 2026-01-01 --root revoked/root.pem --collateral revoked/collateral.json --json revoked/quote.bin
