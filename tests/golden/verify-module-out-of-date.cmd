assay verify --at 2026-01-01 --root module-out-of-date/root.pem --collateral module-out-of-date/collateral.json module-out-of-date/quote.bin
