assay verify --at 2026-01-01 --root expired/root.pem --collateral expired/collateral.json expired/quote.bin
