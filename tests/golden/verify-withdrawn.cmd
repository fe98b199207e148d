assay verify --at 2026-01-01 --root withdrawn/root.pem --collateral withdrawn/collateral.json withdrawn/quote.bin
