assay verify --at 2026-01-01 --root processor-ca/root.pem --collateral processor-ca/collateral.json processor-ca/quote.bin
