-- What the questions about the ledger share, read from the files alone. Signs and shares are found by climbing from
-- each account and
-- organization up to the one that is asked about; the engine's models come down from the top.
CREATE VIEW above AS
WITH RECURSIVE climb AS (
  SELECT AccountKey AS account, AccountDescription AS heading, AccountKey AS here, 1 AS sign FROM accounts
  UNION ALL
  SELECT climb.account, parent.AccountDescription, parent.AccountKey,
         climb.sign * CASE child.Operator WHEN '-' THEN -1 WHEN '+' THEN 1 ELSE 0 END
  FROM climb JOIN accounts AS child ON child.AccountKey = climb.here JOIN accounts AS parent
    ON parent.AccountKey = child.ParentAccountKey
)
SELECT account, heading, sign FROM climb;

CREATE VIEW owned AS
WITH RECURSIVE climb AS (
  SELECT OrganizationKey AS organization, ParentOrganizationKey AS parent, PercentageOfOwnership AS share
         FROM organizations
  UNION ALL
  SELECT climb.organization, up.ParentOrganizationKey, climb.share * up.PercentageOfOwnership
  FROM climb JOIN organizations AS up ON up.OrganizationKey = climb.parent
)
SELECT organization, OrganizationName AS name, CurrencyKey, climb.share
FROM climb JOIN organizations ON OrganizationKey = organization WHERE climb.parent IS NULL;

-- A posting five days before whose date a month ends closes that month.
CREATE VIEW ledger AS
WITH closed AS (
  SELECT *, (date_trunc('month', date + INTERVAL 5 DAY) - INTERVAL 1 MONTH)::DATE AS month FROM finance
)
SELECT closed.month AS period_start, scenario, AccountKey AS account, owned.name AS organization,
       DepartmentGroupName AS department,
       Amount AS amount, Amount * round(AverageRate, 9) AS dollars, Amount * round(AverageRate,
       9) * owned.share AS group_dollars
FROM closed
JOIN owned ON organization = OrganizationKey
JOIN departments USING (DepartmentGroupKey)
JOIN currency_rates AS rates
  ON rates.CurrencyKey = owned.CurrencyKey AND rates.date = CASE WHEN closed.date > last_day(month)
    THEN last_day(month) ELSE closed.date END;

-- Every line of a statement by month, scenario and organization, the whole group with no name.
CREATE VIEW statement AS
SELECT period_start, scenario, heading, organization, sum(sign * dollars) AS whole, sum(sign * group_dollars) AS value,
       sum(sign * amount) AS units,
       sum(sign * group_dollars) FILTER (department = 'Research and Development') AS research
FROM ledger JOIN above USING (account)
GROUP BY GROUPING SETS ((period_start, scenario, heading), (period_start, scenario, heading, organization));
