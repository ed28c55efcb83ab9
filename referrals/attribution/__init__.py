"""Who a referral is credited to, and why: touches, rules, cases, shares, holds."""
