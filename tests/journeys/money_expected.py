"""What the walk through the money must come to: worked out by hand, in cents, beside the rules; no product code.

Old terms: 8 % of the gross first payment. New ones, net of tax and as money comes in, for twelve months: 10 % up to
20,000.00 of the partner's revenue, 12 % beyond; 25.00 a renewal; 75.00 to the person who sent a referral that is won.
Dollars: 15 % of every payment, gross.
"""

# ---------------------------------------------------------------- the year's file
# Brightwater had 10,000.00 + 4,000.00 net in 2029: of the 20,000.00 at 10 %, 6,000.00 are left.
YEAR = b"""reference,kind,customer,amount,currency,booked_on,refunded_reference,tax,unpaid,invoice_reference
INV-K1,sale,kestrel.example,14760.00,EUR,2030-03-11,,2760.00,yes,
REC-K1a,receipt,,4920.00,EUR,2030-03-25,,,,INV-K1
REC-K1b,receipt,,9840.00,EUR,2030-04-25,,,,INV-K1
INV-K2,expansion,kestrel.example,13579.97,EUR,2030-07-01,,2539.34,,
CN-K1,refund,,2460.00,EUR,2030-09-05,INV-K1,,,
INV-K3,renewal,kestrel.example,14760.00,EUR,2031-02-20,,2760.00,,
INV-M1,sale,molino.example,6100.00,EUR,2030-04-02,,1100.00,,
INV-M2,renewal,molino.example,3050.00,EUR,2030-10-02,,550.00,,
INV-P1,sale,prairie.example,8000.00,USD,2030-03-15,,,,
INV-P2,renewal,prairie.example,1234.30,USD,2030-09-15,,,,
"""
# ---------------------------------------------------------------- what each line earns
EARNED = {
    "Brightwater": {
        "Alder Freight": 984_00,  # 8 % of 12,300.00
        "Bonus for the seller": 75_00,
        "REC-K1a": 400_00,  # 10 % of 4,000.00
        "REC-K1b": 920_00,  # 10 % of 2,000.00 and 12 % of 6,000.00
        "INV-K2": 1_324_88,  # 12 % of 11,040.63 is 1,324.8756
        "INV-K3": 1_440_00,  # 12 % of 12,000.00
        "INV-K3 bonus": 25_00,
    },
    "Studio Ferrante": {
        "Birra Nord": 228_93,  # 8 % of 2,861.63 is 228.9304
        "INV-M1": 500_00,
        "INV-M2": 250_00,
        "INV-M2 bonus": 25_00,
    },
    "Kite Partners": {
        "INV-P1": 1_200_00,
        "INV-P2": 185_14,  # 15 % of 1,234.30 is 185.145: half to even
    },
}
# Taken back: of INV-K1 a sixth of 1,320.00; of INV-K2 1,000.00 of 13,579.97 of 1,324.88, which is 97.5613; of INV-P1,
# by the customer's bank, a quarter of 1,200.00. The disputed line: 1,324.88 less 97.56.
# ---------------------------------------------------------------- payments
FIRST_RUN = {
    "PR-2031-03-0001": 3_624_00,  # 5,168.88 less 317.56 less 1,227.32
    "PR-2031-03-0002": 1_385_14,
    "PR-2031-03-0003": 1_003_93,
}
SECOND_RUN = {"PR-2031-04-0001": 1_237_32, "PR-2031-04-0002": 1_003_93}
# ---------------------------------------------------------------- the books: what, partner, currency -> cents
BOOKED = {
    ("Commission earned", "Brightwater", "EUR"): 5_168_88,
    ("Commission earned", "Studio Ferrante", "EUR"): 1_003_93,
    ("Commission earned", "Kite Partners", "USD"): 1_385_14,
    ("Commission taken back", "Brightwater", "EUR"): 317_56,
    ("Commission taken back", "Kite Partners", "USD"): 300_00,
    ("Line disputed", "Brightwater", "EUR"): 1_227_32,
    ("Dispute ended", "Brightwater", "EUR"): 1_227_32,
    ("Correction after a dispute", "Brightwater", "EUR"): 10_00,
    ("Payout approved", "Brightwater", "EUR"): 4_861_32,
    ("Payout approved", "Studio Ferrante", "EUR"): 2_007_86,
    ("Payout approved", "Kite Partners", "USD"): 1_385_14,
    ("Payout paid", "Brightwater", "EUR"): 4_861_32,
    ("Payout paid", "Studio Ferrante", "EUR"): 2_007_86,
    ("Payout paid", "Kite Partners", "USD"): 1_385_14,
    ("Payout returned", "Studio Ferrante", "EUR"): 1_003_93,
    ("Bank fee", "", "USD"): 2_50,
}
# Account, currency -> debits less credits: what the vendor spent, what left its bank, what it still owes.
BALANCES = {
    ("6000", "EUR"): 5_865_25,  # 6,172.81 earned, 317.56 back, 10.00 correction
    ("1000", "EUR"): -5_865_25,
    ("6000", "USD"): 1_085_14,
    ("6100", "USD"): 2_50,
    ("1000", "USD"): -1_387_64,
    ("2110", "USD"): 300_00,  # Kite owes the chargeback
}
# ---------------------------------------------------------------- Brightwater's two statements
FIRST_PAPER = {
    "Opening balance": [0],
    "Earned": [984_00, 75_00, 400_00, 920_00, 1_324_88, 1_440_00, 25_00],
    "Adjustments": [-66_67, -153_33, -97_56],
    "Closing balance": [4_851_32],
}
SECOND_PAPER = {
    "Opening balance": [4_851_32],
    "Adjustments": [10_00],
    "Payments": [-3_624_00, -1_237_32],
    "Closing balance": [0],
}
FIRST_FIGURES = (
    "€984.00",
    "€75.00",
    "€400.00",
    "€920.00",
    "€1,324.88",
    "€1,440.00",
    "€25.00",
    "−€66.67",
    "−€153.33",
    "−€97.56",
    "€5,168.88",
    "−€317.56",
    "€4,851.32",
    # Earned then, though booked with the year's file.
    "25 Mar 2030",
    "20 Feb 2031",
)
SECOND_FIGURES = ("€4,851.32", "€10.00", "−€3,624.00", "−€1,237.32", "−€4,861.32", "€0.00")
# ---------------------------------------------------------------- pages
# The draft on 2029: 10 % of 10,000.00, 4,000.00 and 2,345.60, and one renewal bonus; nobody is paid as a person yet.
TRIED = (
    "€1,212.93",
    "€1,659.56",
    "+€446.63",
    "€984.00",
    "€1,425.00",
    "+€441.00",
    "€228.93",
    "€234.56",
    "+€5.63",
    "The engine agrees with the books",
    # The chart has the months without a commission too.
    "May\nJun\nJul\nAug\nSep\nOct\nNov",
)
EFFECT_NIAMH = (
    "8% of the customer's first payment",
    "Computed on amounts as they are booked",
    "€984.00",
    "€1,425.00",
    "€441.00",
)
EFFECT_GIULIA = ("8% del primo incasso dal cliente", "228,93 €", "234,56 €", "5,63 €")
OVERVIEW_BEFORE = {
    "EUR, owed to partners": "€5,855.25",  # 4,851.32 and 1,003.93
    "EUR, on hold": "€0.00",
    "EUR, payable now": "€4,627.93",
    "EUR, in payout": "€0.00",
    "USD, owed to partners": "$1,385.14",
    "USD, on hold": "$0.00",
    "USD, payable now": "$1,385.14",
    "USD, in payout": "$0.00",
    # The next run.
    "EUR, 2 partners": "€4,627.93",
    "USD, 1 partner": "$1,385.14",
}
OVERVIEW_AFTER = {
    "EUR, owed to partners": "€0.00",
    "EUR, on hold": "€0.00",
    "EUR, payable now": "€0.00",
    "EUR, in payout": "€0.00",
    "USD, owed to partners": "−$300.00",
    "USD, on hold": "$0.00",
    "USD, payable now": "−$300.00",
    "USD, in payout": "$0.00",
}
