assay verify --at 2026-01-01 --root out-of-date/root.pem --collateral out-of-date/collateral.json out-of-date/quote.bin
